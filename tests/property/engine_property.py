# SPDX-License-Identifier: MIT
"""Random lives of random records, answered by the library exactly as by an interpreter of the specification.

    engine_property.py PROGRAM

Each case is a scenario: records are made, driven along their lifecycles on purpose (every guard brought to hold, some
brought to fail), edited, linked, approved and left to the timer, with acts nobody asked for in between.  What each step
must answer comes from engine_oracle.py; `PROGRAM vectors` then runs the cases.  Cases aim at moves not yet made and at
guards not yet passed or refused, so the walk covers the model; what it did not reach is listed.

ITSM_CASES: how many cases; 300 unless told, and as many more as it takes to reach every move, and every guard passed and
refused.  ITSM_SEED: the first seed.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import engine_oracle as oracle  # noqa: E402

START = "2026-03-02T09:00:00Z"
DAY = 86400
PARTIES = ["ann", "bob", "cid", "dot", "eve"]
NOBODY = {"party": "nobody", "roles": []}


class Gone(Exception):
    """A case has grown too long: it ends where it is."""


class Plan:
    def __init__(self):
        self.fields, self.roles, self.tick = {}, [], False
        self.party = self.not_party = None


class Case:
    STEPS_MAX = 150

    def __init__(self, model, seed, coverage):
        self.random = random.Random(seed)
        self.world = oracle.World(model, START)
        self.model, self.seed, self.steps, self.named = model, seed, [], []
        self.coverage, self.failing, self.slots = coverage, None, 0
        self.world.seen = self.seen

    def seen(self, move, guard, held):
        if guard is None:
            self.coverage.moves.add(str(move))
        else:
            (self.coverage.passed if held else self.coverage.refused).add((str(move), guard))

    # Steps ---------------------------------------------------------------------------------------------------------

    def do(self, step):
        if len(self.steps) >= self.STEPS_MAX:
            raise Gone
        if any(step.get(k, "").startswith("approval ") for k in ("ref", "from", "to")):
            return ["unnamed"]  # an approval that was given no name cannot be spoken of
        refusals = self.world.step(step)
        self.steps.append({**step, "expect": {"refused": refusals} if refusals else "ok"})
        return refusals

    def host(self):
        return {"party": self.random.choice(["host"] + PARTIES), "roles": []}

    def line(self):
        final = {n: s for n, s in self.world.final().items() if not n.startswith("approval ")}
        return json.dumps({"id": f"walk-{self.seed}", "title": "", "clauses": [], "start": START,
                           "steps": self.steps, "final": final})

    # Values --------------------------------------------------------------------------------------------------------

    def at(self, days, is_date):
        text = oracle.time_text(self.world.now + int(days * DAY))
        return text[:10] if is_date else text

    def value(self, r_type, name, depth):
        """A value that fits the field; None where there is none to be had."""
        f, pick = r_type.fields[name], self.random
        kind = f["type"].removesuffix("[]")
        base = kind.split("(")[0]
        if base == "ref":
            target = r_type.relations[name]["target"]
            target = pick.choice(["service", "change", "incident"]) if target == "any" else target
            r = self.some(target, depth)
            v = r and r.name
        elif base == "enum":
            v = pick.choice(kind[5:-1].split("|"))
        elif base == "int":
            m = re.fullmatch(r"int\((-?\d+)-(-?\d+)\)", kind)
            v = pick.randint(int(m.group(1)), int(m.group(2))) if m else pick.choice([0, 1, 2, 3, 60, 100])
        elif base == "party":
            v = pick.choice(PARTIES)
        elif base in ("time", "date"):
            v = self.at(pick.choice([-40, -3, -1, 0, 1, 3, 40, 400]), base == "date")
        else:
            v = {
                "bool": lambda: pick.random() < 0.6, "decimal": lambda: pick.choice([0, 1, 90]),
                "money": lambda: pick.choice([100, 1000, 1200]), "duration": lambda: "PT4H",
                "blobref": lambda: "blob:" + pick.choice("123"), "hash": lambda: "hash:" + pick.choice("12"),
                "map": lambda: {"k": pick.choice("ab")}, "calendar": lambda: "24x7", "expr": lambda: "mttr",
                "target": lambda: {"metric": "resolution", "goal": "PT8H"},
                "costline": lambda: {"item": "licences", "kind": "direct", "amount": 1000},
                "series": lambda: {"s": [1]},
            }.get(base, lambda: name + " " + pick.choice(["one", "two", "three"]))()
        return None if v is None else [v] if f["type"].endswith("[]") else v

    # Records -------------------------------------------------------------------------------------------------------

    def all(self, type_):
        return [r for r in self.world.records.values() if r.type.id == type_ and not r.name.startswith("approval ")]

    def some(self, type_, depth):
        """A record of the type: one that is there, or a new one."""
        there = self.all(type_)
        if there and (depth > 3 or self.random.random() < 0.6):
            return self.random.choice(there)
        return self.make(type_, depth + 1)

    def make(self, type_, depth=0, want=None):
        if depth > 5 or type_ == "approval":
            return None
        t, pick, fields = self.model.types[type_], self.random, {}
        name = f"{type_}_{len(self.world.order)}"
        for n, f in t.fields.items():
            if f.get("by") is None and (f.get("mandatory") == "create" or (pick.random() < 0.1 and depth < 2)):
                v = self.value(t, n, depth)
                if v is not None:
                    fields[n] = v
        fields.update(want or {})
        name = f"{type_}_{len(self.world.order)}"
        if pick.random() < 0.06:
            worse = dict(fields)
            if worse and pick.random() < 0.7:
                worse[pick.choice(list(worse))] = None
            if pick.random() < 0.5:
                # A number may be given when a record is made: the library allows more here.
                ruled = [n for n, f in t.fields.items() if f.get("by") and n != "number"]
                worse[pick.choice(ruled)] = None
            if not self.do({"op": "create", "ref": name, "type": type_, "actor": self.host(), "fields": worse}):
                return self.world.records[name]
        if self.do({"op": "create", "ref": name, "type": type_, "actor": self.host(), "fields": fields}):
            return None
        return self.world.records[name]

    # Bringing guards to hold or to fail ------------------------------------------------------------------------------

    def put(self, r, name, value, plan):
        """The field shall have the value: with the move if it is the record's own, at once otherwise."""
        f = r.type.fields.get(name)
        if not f or f.get("by"):
            return
        if plan is not None:
            plan.fields[name] = value
        else:
            self.do({"op": "set", "ref": r.name, "actor": self.host(), "fields": {name: value}})

    def present(self, r, name, plan):
        if plan is not None and name in plan.fields:
            return plan.fields[name] is not None
        return self.world.own(r, name) is not None

    def each(self, r, path, plan, depth, do):
        """The record itself for a field; the linked records (one is made if there is none) for rel.f."""
        if "." not in path:
            return do(r, path, plan)
        rel, field = path.split(".")
        if not self.world.linked(r, rel):
            self.join(r, rel, depth)
        for x in self.world.linked(r, rel):
            do(x, field, None)

    def join(self, r, rel, depth, states=None):
        """Links a record, in one of the states."""
        target = r.type.relations[rel]["target"]
        for x in self.world.linked(r, rel):
            if states and self.drive(x, states, depth + 1):
                return
        pool = [x for x in self.all(target) if states is None or self.world.primary(x) in states]
        x = self.random.choice(pool) if pool and self.random.random() < 0.6 else self.make(target, depth + 1)
        if x is None:
            return
        first = self.random.random() < 0.5
        if first and states:
            self.drive(x, states, depth + 1)
        self.do({"op": "link", "from": r.name, "rel": rel, "to": x.name, "actor": self.host()})
        if not first and states:
            self.drive(x, states, depth + 1)

    def part(self, r, rel, x):
        self.do({"op": "unlink", "from": r.name, "rel": rel, "to": x.name, "actor": self.host()})

    def bring(self, r, g, want, plan, depth):
        name, a = g
        getattr(self, "bring_" + name)(r, a, want, plan, depth)

    def bring_set(self, r, a, want, plan, depth):
        def give(x, name, p):
            if name in x.type.fields:
                if not self.present(x, name, p):
                    self.put(x, name, self.value(x.type, name, depth), p)
            elif name in x.type.relations and not self.world.linked(x, name):
                self.join(x, name, depth)

        def take(x, name, p):
            if name in x.type.fields:
                self.put(x, name, None, p)
            elif name in x.type.relations:
                for y in self.world.linked(x, name):
                    self.part(x, name, y)

        for path in a if want else [self.random.choice(a)]:
            self.each(r, path, plan, depth, give if want else take)

    def bring_eq(self, r, a, want, plan, depth):
        values = a[1].split("|")

        def give(x, name, p):
            if name in x.states:
                if name == x.type.facets[0] and want:
                    self.drive(x, values, depth + 1)
                elif want:
                    self.drive_facet(x, name, values, depth + 1)
                return
            f = x.type.fields[name]
            if want:
                v = self.random.choice(values)
                v = v == "true" if f["type"] == "bool" else int(v) if re.fullmatch(r"\d+", v) else v
            else:
                v = None
                if f["type"] == "bool":
                    v = values[0] != "true"
                elif f["type"].startswith("enum"):
                    v = self.random.choice([x for x in f["type"][5:-1].split("|") if x not in values] or [None])
            self.put(x, name, v, p)

        self.each(r, a[0], plan, depth, give)

    def bring_ne(self, r, a, want, plan, depth):
        self.bring_eq(r, a, not want, plan, depth)

    def bring_gt(self, r, a, want, plan, depth):
        if a[0] == "variance":
            self.put(r, "actual", 5000 if want else 10, plan)
            self.put(r, a[1], 100, plan)
        elif a[0] == "risk_level":
            for f in ("confidentiality", "integrity", "availability"):
                self.put(r, f, 3 if want else 1, plan)
        else:
            self.put(r, a[0], 5 if want else 0, plan)

    bring_ge = bring_gt

    def bring_any(self, r, a, want, plan, depth):
        for g in [self.random.choice(a)] if want else a:
            self.bring(r, g, want, plan, depth)

    def bring_when(self, r, a, want, plan, depth):
        if want and self.random.random() < 0.4:
            return self.bring(r, a[0], False, plan, depth)
        self.bring(r, a[0], True, plan, depth)
        for g in a[1:] if want else [self.random.choice(a[1:])]:
            self.bring(r, g, want, plan, depth)

    def bring_role(self, r, a, want, plan, depth):
        if a[0] == "timer" and self.failing is not None:
            plan.roles.append("timer")
        elif a[0] == "timer":
            plan.tick = want
        elif want:
            plan.roles.append(a[0])

    def bring_differs(self, r, a, want, plan, depth):
        x, y = self.random.sample(PARTIES, 2)
        if a[0] == "actor":
            holder = plan.fields.get(a[1]) or self.world.own(r, a[1])
            if holder is None:
                holder = x
                self.put(r, a[1], x, plan)
            if want:
                plan.not_party = holder
            else:
                plan.party = holder
            return
        self.put(r, a[1], y, plan)
        holder = plan.fields.get(a[1], self.world.own(r, a[1]))
        if want:
            x = self.random.choice([p for p in PARTIES if p != holder])
        self.put(r, a[0], x if want else holder, plan)

    def bring_linked(self, r, a, want, plan, depth):
        states = a[2].split("|") if len(a) > 2 else None
        rels = a[0].split("|")
        if want:
            self.join(r, self.random.choice(rels), depth, states)
            return
        for rel in rels:
            for x in self.world.linked(r, rel):
                self.part(r, rel, x)

    def bring_all_linked(self, r, a, want, plan, depth):
        states = a[1].split("|")
        if not want:
            rel = self.random.choice(a[0].split("|"))
            x = self.make(r.type.relations[rel]["target"], depth + 1)
            if x:
                self.do({"op": "link", "from": r.name, "rel": rel, "to": x.name, "actor": self.host()})
            return
        for rel in a[0].split("|"):
            for x in self.world.linked(r, rel):
                if self.world.primary(x) not in states and not self.drive(x, states, depth + 1):
                    self.part(r, rel, x)

    def bring_none_linked(self, r, a, want, plan, depth):
        states = a[1].split("|") if len(a) > 1 else None
        if not want:
            self.join(r, self.random.choice(a[0].split("|")), depth, states)
            return
        for rel in a[0].split("|"):
            for x in self.world.linked(r, rel):
                if states is None or self.world.primary(x) in states:
                    self.part(r, rel, x)

    def bring_reached(self, r, a, want, plan, depth):
        away = self.model.policies[a[1]] / DAY if len(a) > 1 else 0

        def give(x, name, p):
            f = x.type.fields[name]
            is_date = f["type"] == "date"
            if want and self.present(x, name, p) and not (p and name in p.fields) and self.random.random() < 0.7:
                until = oracle.seconds(self.world.own(x, name)) + int(away * DAY) - self.world.now
                if 0 < until < 900 * DAY:
                    self.do({"op": "advance", "by": f"PT{until}S"})
                if until < 900 * DAY:
                    return
            self.put(x, name, self.at(-away - self.random.choice([0, 1, 2]) if want else 3 - away, is_date), p)

        self.each(r, a[0], plan, depth, give)

    def bring_before(self, r, a, want, plan, depth):
        away = self.model.policies[a[1]] / DAY if len(a) > 1 else 0

        def give(x, name, p):
            is_date = x.type.fields[name]["type"] == "date"
            own = p.fields.get(name) if p and name in p.fields else self.world.own(x, name)
            if want and own is not None and self.world.now < oracle.seconds(own) + away * DAY:
                return
            if not want and own is not None and x.type.fields[name].get("by"):
                until = oracle.seconds(own) + int(away * DAY) - self.world.now
                if 0 < until < 900 * DAY:
                    self.do({"op": "advance", "by": f"PT{until}S"})
                return
            self.put(x, name, self.at((30 if want else -3) - away, is_date), p)

        self.each(r, a[0], plan, depth, give)

    def bring_approved(self, r, a, want, plan, depth):
        if plan.fields:
            self.do({"op": "set", "ref": r.name, "actor": self.host(), "fields": plan.fields})
            plan.fields = {}
        excluded = [self.world.own(r, f) for f in a[2:]]
        parties = [p for p in PARTIES if p not in excluded]
        self.random.shuffle(parties)
        if not want and self.random.random() < 0.4:
            parties = [p for p in excluded if p] or parties
        for x in self.world.linked(r, "approval"):
            if want and x.values.get("body") == a[0] and self.world.primary(x) in ("requested", "refused", "expired"):
                self.do({"op": "set", "ref": r.name, "actor": self.host(), "fields": {"title": "again"}})
        step = {"op": "approve", "ref": r.name, "body": a[0], "by": parties[:self.random.randint(1, 3)],
                "policy": "any" if want else self.random.choice(["any", "all", "quorum", "percent"]), "actor": self.host()}
        if want and self.random.random() < 0.5:
            step["policy"] = self.random.choice(["all", "quorum", "percent"])
        if step["policy"] in ("quorum", "percent") and (want or self.random.random() < 0.6):
            step["quorum"] = self.random.choice([1, 50, 60] if step["policy"] == "percent" else [1, 1, 2])
        if not want:
            step["decision"] = self.random.choice(["refuse", "none", "abstain", "grant"])
            if step["decision"] == "refuse":
                step["comment"] = "no"
        self.do(step)

    def bring_no_conflict(self, r, a, want, plan, depth):
        own = [plan.fields.get(f) or self.world.own(r, f) for f in a[:2]]
        if want or None in own:
            self.slots += 1
            own = [self.at(self.slots * 2 + 0.5, False), self.at(self.slots * 2 + 1, False)]
            self.put(r, a[0], own[0], plan)
            self.put(r, a[1], own[1], plan)
        if not want:
            self.do({"op": "blackout", "from": own[0], "to": own[1]})

    # Moves ---------------------------------------------------------------------------------------------------------

    def actor(self, r, m, plan):
        """Somebody who may make the move."""
        choices = []
        for who in m.actors:
            if who == "timer":
                continue
            f = r.type.fields.get(who)
            party, roles = self.random.choice(PARTIES), [who]
            if f and f["type"] == "party":
                own = plan.fields[who] if who in plan.fields else self.world.own(r, who)
                if own:
                    party, roles = own, []
            choices.append({"party": party, "roles": roles})
        self.random.shuffle(choices)
        for c in choices:
            if plan.party and c["party"] != plan.party:
                if not c["roles"]:
                    continue
                c["party"] = plan.party
            if plan.not_party and c["party"] == plan.not_party:
                if not c["roles"]:
                    continue
                c["party"] = next(p for p in PARTIES if p != plan.not_party)
            return {"party": c["party"], "roles": sorted(set(c["roles"] + plan.roles))}
        return choices and {**choices[0], "roles": choices[0]["roles"] + plan.roles}

    def ask(self, r, m, fields, actor):
        step = {"op": "move", "ref": r.name, "event": m.event, "actor": actor}
        if fields:
            step["fields"] = fields
        return self.do(step)

    def bare(self, r, m):
        """The move with nothing supplied, as somebody fitting or as nobody."""
        actor = self.actor(r, m, Plan()) or NOBODY
        self.ask(r, m, {}, actor if self.random.random() < 0.6 else NOBODY)

    def make_move(self, r, m, depth=0, failing=None):
        """Everything done for the move to be made; with `failing`, but for that guard."""
        plan = Plan()
        order = list(range(len(m.guards)))
        # What voids approvals goes before them.
        order.sort(key=lambda i: ("approved" in m.texts[i], i == failing))
        if depth == 0 and self.random.random() < 0.5 or self.random.random() < 0.1:
            self.bare(r, m)
        needed = [n for n, f in r.type.fields.items() if f.get("mandatory") == m.to and not f.get("by")]
        if needed:
            self.bring_set(r, needed, True, plan, depth)
        for i in order:
            held = self.world.holds(m.guards[i], r, {"party": "", "roles": plan.roles})
            if i == failing:
                self.failing = i
                self.bring(r, m.guards[i], False, plan, depth)
                self.failing = None
            elif not held or plan.fields:
                if not held:
                    self.bring(r, m.guards[i], True, plan, depth)
        if r.states[m.facet] not in m.sources:
            return False
        actor = self.actor(r, m, plan)
        if self.random.random() < 0.06:
            self.disturb(r)
        if plan.tick or not actor:
            if plan.fields:
                self.do({"op": "set", "ref": r.name, "actor": self.host(), "fields": plan.fields})
            self.do({"op": "tick"})
            return r.states[m.facet] == m.to
        return not self.ask(r, m, plan.fields, actor)

    def path(self, r, facet, targets):
        """The moves to one of the states, as few as there are; None if there is no way."""
        start = r.states[facet]
        ways, todo = {start: []}, [start]
        while todo:
            state = todo.pop(0)
            if state in targets:
                return ways[state]
            moves = [m for m in r.type.moves if m.facet == facet and state in m.sources]
            self.random.shuffle(moves)
            for m in moves:
                if m.to not in ways:
                    ways[m.to] = ways[state] + [m]
                    todo.append(m.to)
        return None

    def drive_facet(self, r, facet, states, depth):
        if depth > 4:
            return False
        for _ in range(14):
            if r.states[facet] in states:
                return True
            way = self.path(r, facet, states)
            if not way or not (self.make_move(r, way[0], depth) or self.make_move(r, way[0], depth)):
                return False
        return False

    def drive(self, r, states, depth=0):
        return self.drive_facet(r, r.type.facets[0], states, depth)

    def aim(self, move, guard=None):
        """A record brought to where the move stands, and the move made (or refused for that guard)."""
        want = {}
        # What can be chosen at creation only, and what the guards want of it: the one that shall fail has the last word.
        for g in move.guards + ([] if guard is None else [move.guards[guard]]):
            for n in oracle.nodes(g):
                if isinstance(n, tuple) and n[0] in ("eq", "ne") and "." not in n[1][0]:
                    f = self.model.types[move.type].fields.get(n[1][0])
                    if f and "editable" in f and f["type"].startswith(("enum", "bool")) and self.random.random() < 0.8:
                        values = n[1][1].split("|")
                        if n[0] == "ne":
                            values = [v for v in f["type"][5:-1].split("|") if v not in values]
                        v = self.random.choice(values)
                        want[n[1][0]] = v == "true" if f["type"] == "bool" else v
        if move.type == "approval":
            return self.aim_at_approval(move)
        r = self.make(move.type, 0, want)
        if r is None or not self.drive_facet(r, move.facet, move.sources, 0):
            return
        for e in move.effects:
            if e[0] == "fire" and e[1][0] != "approval" and self.random.random() < 0.6:
                self.join(r, e[1][0], 0)
        if not self.make_move(r, move, 0, guard) and guard is None:
            self.make_move(r, move, 0)

    def aim_at_approval(self, move):
        subject = self.make("change", 0, {"change_type": "normal"})
        if subject is None or not self.drive(subject, ["authorize"]):
            return
        self.steps_of_approval(subject, move)

    def steps_of_approval(self, subject, move):
        name = f"a{len(self.world.order)}"
        self.do({"op": "approve", "ref": subject.name, "body": "cab", "by": ["dot"], "policy": "all", "decision": "none",
                 "refs": {"dot": name}, "due": self.at(2, False), "actor": self.host()})
        if name not in self.world.records:
            return
        a = self.world.records[name]
        if move.event == "expire":
            self.do({"op": "tick"})
            self.do({"op": "advance", "by": "P3D"})
            self.do({"op": "tick"})
        else:
            self.bare(a, move)
            self.ask(a, move, {"comment": "so"}, self.actor(a, move, Plan()) or NOBODY)

    def disturb(self, r):
        """An edit between what was decided and what shall be done."""
        n = self.random.choice(list(r.type.fields))
        if r.type.fields[n].get("by") is None and r.type.id != "approval":
            v = None if self.random.random() < 0.3 else self.value(r.type, n, 9)
            self.do({"op": "set", "ref": r.name, "actor": self.host(), "fields": {n: v}})

    # A calendar of changes -----------------------------------------------------------------------------------------

    def schedule(self):
        """Changes of a few items that depend on each other, in a few windows, with blackouts."""
        pick = self.random
        model = self.make("change_model", 0)
        if model is None or not self.drive(model, ["effective"]):
            return
        self.do({"op": "set", "ref": model.name, "fields": {"valid_until": "2030-01-01"}})
        items = [x for x in (self.make("configuration_item", 4) for _ in range(pick.randint(3, 7))) if x]
        changes = []
        for _ in range(pick.randint(20, 45)):
            kind = pick.random()
            if kind < 0.3 or not changes:
                c = self.make("change", 3, {"change_type": "standard", "change_model": model.name})
                changes += [c] if c else []
            elif kind < 0.5 and len(items) > 1:
                a, b = pick.sample(items, 2)
                op = "unlink" if b.name in a.links.get("depends_on", ()) and pick.random() < 0.7 else "link"
                rel = pick.choice(["depends_on", "depends_on", "depends_on", "connected_to", "part_of"])
                self.do({"op": op, "from": a.name, "rel": rel, "to": b.name})
            elif kind < 0.56:
                start = pick.randint(20, 60)
                self.do({"op": "blackout", "from": self.hour(start), "to": self.hour(start + pick.randint(1, 3))})
            elif kind < 0.85 and items:
                c, start = pick.choice(changes), pick.randint(20, 60)
                fields = {"planned_start": self.hour(start), "planned_end": self.hour(start + pick.randint(1, 8)),
                          "ci": [x.name for x in pick.sample(items, pick.randint(1, min(2, len(items))))],
                          "implementer": "bob", "communicated_at": self.hour(0)}
                if pick.random() < 0.1:
                    fields["conflict_override"] = "agreed"
                if pick.random() < 0.05:
                    del fields[pick.choice(list(fields))]
                actor = {"party": "ann", "roles": ["change_manager"]}
                if c.values.get("change_manager"):
                    actor = {"party": c.values["change_manager"], "roles": []}
                self.do({"op": "move", "ref": c.name, "event": "submit_standard", "actor": actor, "fields": fields})
            elif kind < 0.9:
                self.do({"op": "advance", "by": pick.choice(["PT4H", "P1D"])})
            else:
                c = pick.choice(changes)
                m = pick.choice(c.type.moves)
                if c.states[m.facet] in m.sources:
                    self.make_move(c, m, 1)

    def hour(self, n):
        return oracle.time_text(oracle.seconds(START) + n * 3600)

    # Lives that somebody wrote, gone astray ------------------------------------------------------------------------

    def knows(self, step):
        """Are the records there that a step speaks of?"""
        names = [step[k] for k in ("ref", "from", "to") if k in step and step["op"] not in ("create", "blackout")]
        if step["op"] == "create" and step["ref"] in self.world.records:
            return False
        r_type = None
        if step["op"] == "create":
            r_type = self.model.types[step["type"]]
        elif "ref" in step and step["ref"] in self.world.records:
            r_type = self.world.records[step["ref"]].type
        for n, v in (step.get("fields") or {}).items():
            if r_type and r_type.is_ref(n) and v is not None:
                names += v if isinstance(v, list) else [v]
        return all(n in self.world.records for n in names)

    def astray(self, steps):
        pick = self.random
        rate = pick.choice([0.02, 0.05, 0.15])
        for step in steps:
            step = {k: v for k, v in json.loads(json.dumps(step)).items() if k != "expect"}
            chance = pick.random() / rate
            if chance < 0.3:
                continue
            if chance < 0.6 and step.get("fields"):
                n = pick.choice(list(step["fields"]))
                if pick.random() < 0.5:
                    del step["fields"][n]
                else:
                    step["fields"][n] = None
            elif chance < 0.75 and "actor" in step:
                step["actor"] = pick.choice([NOBODY, {"party": "ann", "roles": ["service_desk", "change_manager"]}])
            elif chance < 0.9:
                self.noise()
            if not self.knows(step):
                continue
            if step["op"] == "check":
                r = self.world.records[step["ref"]]
                step["states"] = {f: r.states[f] for f in step.get("states") or r.states}
                step["fields"] = {n: self.world.own(r, n) for n in step.get("fields") or {} if not r.type.is_ref(n)}
            if step["op"] == "approve":
                for party, name in list((step.get("refs") or {}).items()):
                    if name in self.world.records:
                        del step["refs"][party]
            refused = self.do(step)
            if step["op"] in ("create", "move") and not refused and pick.random() < 0.3:
                r = self.world.records[step["ref"]]
                for m in r.type.moves:
                    if r.states[m.facet] in m.sources and pick.random() < 0.7:
                        self.bare(r, m)

    # Acts nobody asked for -----------------------------------------------------------------------------------------

    def noise(self):
        pick = self.random
        records = list(self.world.records.values())
        if not records:
            return
        r = pick.choice(records)
        kind = pick.random()
        if 0.65 < kind < 0.75:
            r = pick.choice([x for x in records if self.world.asked(x)] or [r])
        if r.name.startswith("approval "):
            return
        if kind < 0.25:
            fields = {}
            for n in pick.sample(list(r.type.fields), min(len(r.type.fields), pick.choice([1, 1, 2, 4]))):
                f = r.type.fields[n]
                ruled = f.get("by") and n in ("id", "number", "type", "revision")
                v = None if ruled or pick.random() < 0.25 else self.value(r.type, n, 9)
                fields[n] = v
            if r.type.id != "approval" or "subject" not in fields:
                self.do({"op": "set", "ref": r.name, "actor": self.host(), "fields": fields})
        elif kind < 0.45:
            rel = pick.choice(list(r.type.relations))
            target = r.type.relations[rel]["target"]
            pool = [x for x in records if x.type.id == target and not x.name.startswith("approval ")]
            if not pool and target != "any" and pick.random() < 0.3:
                pool = [x for x in [self.make(target, 3)] if x]
            if r.links.get(rel) and pick.random() < 0.4:
                pool = [x for x in self.world.linked(r, rel) if not x.name.startswith("approval ")]
                if pool:
                    self.do({"op": "unlink", "from": r.name, "rel": rel, "to": pick.choice(pool).name})
            elif pool:
                self.do({"op": "link", "from": r.name, "rel": rel, "to": pick.choice(pool).name})
        elif kind < 0.65:
            m = pick.choice(r.type.moves)
            roles = pick.sample(m.actors, 1) if pick.random() < 0.7 else []
            if pick.random() < 0.1:
                roles.append(pick.choice(["timer", "system"]))
            fields = {}
            if pick.random() < 0.4:
                for n in pick.sample(list(r.type.fields), 2):
                    f = r.type.fields[n]
                    if n not in ("id", "number", "type", "revision", "subject"):
                        fields[n] = None if pick.random() < 0.2 else self.value(r.type, n, 9)
            self.ask(r, m, fields, {"party": pick.choice(PARTIES), "roles": roles})
        elif kind < 0.75 and r.type.id != "approval":
            bodies = sorted(self.world.asked(r)) or ["cab"]
            policy = pick.choice(["any", "all", "quorum", "percent"])
            step = {"op": "approve", "ref": r.name, "body": pick.choice(bodies), "by": pick.sample(PARTIES, pick.randint(1, 3)),
                    "policy": policy, "decision": pick.choice(["grant", "grant", "refuse", "abstain", "none"]),
                    "actor": self.host()}
            if policy in ("quorum", "percent") and pick.random() < 0.85:
                step["quorum"] = pick.choice([1, 2, 50, 100])
            if pick.random() < 0.5:
                step["comment"] = "because"
            if pick.random() < 0.3:
                step["refs"] = {p: f"a{len(self.world.order)}{p}" for p in step["by"]}
            if pick.random() < 0.2:
                step["due"] = self.at(pick.choice([-1, 1]), False)
            self.do(step)
        elif kind < 0.82:
            self.do({"op": "advance", "by": pick.choice(["PT1H", "P1D", "P5D", "P15D", "P31D", "P1DT4H"])})
        elif kind < 0.9:
            self.do({"op": "tick"})
        elif kind < 0.92:
            self.do({"op": "blackout", "from": self.at(pick.randint(0, 9), False), "to": self.at(pick.randint(10, 12), False)})
        else:
            names = pick.sample(list(r.type.fields), min(3, len(r.type.fields)))
            fields = {}
            for n in names:
                base = r.type.fields[n]["type"]
                if base in ("str", "text", "party", "bool", "time", "date") or base.startswith(("enum", "int")):
                    if r.type.fields[n].get("by") != "engine":
                        fields[n] = self.world.own(r, n)
            self.do({"op": "check", "ref": r.name, "fields": fields, "states": dict(r.states)})


class Coverage:
    def __init__(self, model):
        self.moves, self.passed, self.refused = set(), set(), set()
        self.all_moves = [m for t in model.types.values() for m in t.moves]
        self.all_guards = [(m, i) for m in self.all_moves for i in range(len(m.guards))]

    def missing(self):
        out = [(m, None, None) for m in self.all_moves if str(m) not in self.moves]
        out += [(m, None, i) for m, i in self.all_guards if (str(m), i) not in self.passed]
        out += [(m, i, i) for m, i in self.all_guards if (str(m), i) not in self.refused]
        return out

    def say(self):
        print(f"moves {len(self.moves)}/{len(self.all_moves)}, guards {len(self.passed)}/{len(self.all_guards)} passed, "
              f"{len(self.refused)}/{len(self.all_guards)} refused")
        for m in self.all_moves:
            if str(m) not in self.moves:
                print("  not made:", m)
            for i, text in enumerate(m.texts):
                for done, word in ((self.passed, "passed"), (self.refused, "refused")):
                    if (str(m), i) not in done:
                        print(f"  not {word}: {m}: {text}")


def build(model, seed, coverage, written=()):
    case = Case(model, seed, coverage)
    missing = coverage.missing()
    kind = case.random.random()
    try:
        if kind < 0.06:
            case.schedule()
        elif kind < 0.16 and written:
            case.astray(case.random.choice(written))
        else:
            move, failing = case.random.choice(coverage.all_moves), None
            if missing and case.random.random() < 0.9:
                move, failing, _ = case.random.choice(missing)
            case.aim(move, failing)
        for _ in range(case.random.randint(0, 30)):
            case.noise()
            if case.random.random() < 0.15 and case.world.records:
                r = case.random.choice(list(case.world.records.values()))
                moves = [m for m in r.type.moves if r.states[m.facet] in m.sources]
                if moves and r.type.id != "approval":
                    case.make_move(r, case.random.choice(moves), 1)
    except Gone:
        pass
    return case


def shared(name):
    folder = os.environ.get("ITSM_SHARED") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared")
    return os.path.join(folder, "model", name)


def load_written():
    """The steps of the cases somebody wrote; none where they are not there."""
    path = shared("scenarios.jsonl")
    if not os.path.exists(path):
        print(f"there are no scenarios at {path}: only invented cases")
        return []
    with open(path) as file:
        return [json.loads(line)["steps"] for line in file if line.strip()]


def load_model(program):
    told = subprocess.run([program, "model", "export", "--format", "json"], capture_output=True)
    if told.returncode == 0:
        return json.loads(told.stdout)
    path = shared("model.json")
    if not os.path.exists(path):
        print(f"there is no model at {path}: skipped")
        sys.exit(77)
    with open(path) as file:
        return json.load(file)


def main():
    program = sys.argv[1]
    model = oracle.Model(load_model(program))
    cases = int(os.environ.get("ITSM_CASES") or 300)
    seed = int(os.environ.get("ITSM_SEED") or time.time_ns() % 10**9)
    print(f"seed {seed}, {cases} cases")
    coverage, written, steps, refused = Coverage(model), load_written(), 0, 0
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False) as file:
        i = 0
        while i < cases or (coverage.missing() and i < 10 * max(cases, 300)):
            case = build(model, seed + i, coverage, written)
            steps += len(case.steps)
            refused += sum(s["expect"] != "ok" for s in case.steps)
            file.write(case.line() + "\n")
            i += 1
    answer = subprocess.run([program, "vectors", file.name], capture_output=True, text=True)
    print(f"{steps} steps, {refused} of them refused: {answer.stdout.splitlines()[-1] if answer.stdout else answer.stderr}")
    coverage.say()
    if answer.returncode != 0:
        print("\n".join(answer.stdout.splitlines()[:20]))
        print("the cases are kept in", file.name)
        return 1
    os.unlink(file.name)
    return 1 if coverage.missing() else 0


if __name__ == "__main__":
    sys.exit(main())
