# SPDX-License-Identifier: MIT
"""An interpreter of the domain model, written from its specification alone.

It knows nothing of the library: it reads the model as JSON, parses guards and effects itself, keeps records in plain
dictionaries and says what each step of a scenario must answer.  A step that is refused leaves no trace because the whole
world is copied before it.  Nothing here is fast, and nothing is clever.

    world = World(Model(json), start)
    answer = world.step(step)          # [] or the refusals in order
"""

import calendar
import copy
import datetime
import re

# Time --------------------------------------------------------------------------------------------------------------


def seconds(text):
    """An RFC 3339 time or a date as seconds since 1970 in UTC."""
    form = "%Y-%m-%dT%H:%M:%SZ" if "T" in text else "%Y-%m-%d"
    return calendar.timegm(datetime.datetime.strptime(text, form).timetuple())


def time_text(at):
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(text):
    m = re.fullmatch(r"(-?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    weeks, days, hours, minutes, secs = (int(x or 0) for x in m.groups()[1:])
    total = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + secs
    return -total if m.group(1) else total


# Guards and effects ------------------------------------------------------------------------------------------------


def parse(text):
    """name(argument, ...) as a tuple (name, [argument, ...]); whatever has no parentheses stays text."""
    tokens = re.findall(r"[a-z0-9_.|-]+|[(),]", text)
    stack, names = [[]], []
    for token in tokens:
        if token == "(":
            names.append(stack[-1].pop())
            stack.append([])
        elif token == ")":
            arguments = stack.pop()
            stack[-1].append((names.pop(), arguments))
        elif token != ",":
            stack[-1].append(token)
    (result,) = stack[0]
    return result


def nodes(tree):
    yield tree
    if isinstance(tree, tuple):
        for child in tree[1]:
            yield from nodes(child)


# The model ---------------------------------------------------------------------------------------------------------


class Move:
    def __init__(self, type_, facet, index, row):
        self.type, self.facet, self.index = type_, facet, index
        self.event, self.sources, self.to, self.actors = row["event"], row["from"], row["to"], row["actor"]
        self.texts = row["guards"]
        self.guards = [parse(g) for g in row["guards"]]
        self.effects = [parse(e) for e in row["effects"]]
        self.bodies = {
            n[1][0] for g in self.guards for n in nodes(g) if isinstance(n, tuple) and n[0] == "approved"
        }

    def __str__(self):
        return f"{self.type}.{self.facet}.{self.event}#{self.index}"


class Type:
    def __init__(self, row, common, common_relations):
        self.id = row["id"]
        own = {f["name"]: f for f in row["fields"]}
        # The common header first, in its order; a type may say more about one of its fields.
        self.fields = {f["name"]: {**f, **own.get(f["name"], {})} for f in common}
        self.fields.update(own)
        for name, f in own.items():
            if name in {c["name"] for c in common}:
                self.fields[name] = {**self.fields[name], **f}
        self.relations = {r["name"]: r for r in common_relations}
        self.relations.update({r["name"]: r for r in row["relations"]})
        self.lifecycles = row["lifecycles"]
        self.facets = [l["attribute"] for l in self.lifecycles]
        self.moves = [
            Move(self.id, l["attribute"], i, t)
            for l in self.lifecycles
            for i, t in enumerate(l["transitions"])
        ]

    def is_ref(self, name):
        return name in self.fields and self.fields[name]["type"].startswith("ref(")

    def is_list(self, name):
        return self.fields[name]["type"].endswith("[]")


class Model:
    def __init__(self, document):
        relations = document["common_relations"]
        self.types = {t["id"]: Type(t, document["common_fields"], relations) for t in document["record_types"]}
        # The one reference to anything: its inverse exists on every type.
        self.types["approval"].relations["subject"] = {
            "name": "subject", "target": "any", "card": "1", "inverse": "approval",
        }
        self.matrix = document["priority_matrix"]["priority_5x5"]
        self.policies = {k: duration(v) for k, v in document["policies"].items()}


# The world ---------------------------------------------------------------------------------------------------------


class Record:
    def __init__(self, order, name, type_, actor, now):
        self.order, self.name, self.type = order, name, type_
        self.values, self.links, self.states = {}, {}, {}
        for l in type_.lifecycles:
            self.states[l["attribute"]] = l["initial"]
        self.values["type"] = type_.id
        self.values["created_by"] = actor


class Refused(Exception):
    pass


HOST = {"party": "host", "roles": []}
SYSTEM = {"party": "system", "roles": ["system"]}
TIMER = {"party": "timer", "roles": ["timer"]}


class World:
    def __init__(self, model, start):
        self.model, self.now = model, seconds(start)
        self.records, self.order, self.blackouts = {}, [], []
        self.seen = None  # told (move, guard index, held) and (move, None, made)

    # Copies share the model: only what changes is copied.
    def snapshot(self):
        return (copy.deepcopy({n: (r.values, r.links, r.states) for n, r in self.records.items()}),
                list(self.order), list(self.blackouts), self.now)

    def restore(self, saved):
        records, self.order, self.blackouts, self.now = saved
        for name in list(self.records):
            if name not in records:
                del self.records[name]
            else:
                r = self.records[name]
                r.values, r.links, r.states = records[name]

    # Reading -------------------------------------------------------------------------------------------------------

    def linked(self, r, rel):
        """The records at the other end, in order of creation."""
        return sorted((self.records[n] for n in r.links.get(rel, ())), key=lambda x: x.order)

    @staticmethod
    def empty(value):
        return value is None or value == "" or value == [] or value == {}

    def own(self, r, name):
        """The value of a field or facet, the names linked for a relation; None when empty."""
        if name in r.states:
            return r.states[name]
        if name in r.type.relations:
            value = [x.name for x in self.linked(r, name)]
            return value or None
        value = r.values.get(name)
        return None if self.empty(value) else value

    def read(self, r, path):
        """Every value a path has: one for a field of the record, one for each linked record; [] if nothing is linked."""
        if "." not in path:
            return [self.own(r, path)]
        rel, field = path.split(".")
        return [self.own(x, field) for x in self.linked(r, rel)]

    @staticmethod
    def text(value):
        return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value

    def is_one_of(self, value, values):
        value = self.text(value)
        for v in values.split("|"):
            if isinstance(value, (int, float)):
                try:
                    if float(v) == value:
                        return True
                except ValueError:
                    pass
            elif value == v:
                return True
        return False

    @staticmethod
    def number(value):
        if isinstance(value, bool) or value is None:
            return None
        try:
            return float(value)
        except (TypeError, ValueError):
            return None

    @staticmethod
    def primary(r):
        return r.states[r.type.facets[0]]

    # Guards --------------------------------------------------------------------------------------------------------

    def holds(self, g, r, actor):
        name, a = g
        return getattr(self, "guard_" + name)(a, r, actor)

    def every(self, r, path, test):
        values = self.read(r, path)
        return bool(values) and all(test(v) for v in values)

    def guard_set(self, a, r, actor):
        return all(self.every(r, p, lambda v: v is not None) for p in a)

    def guard_eq(self, a, r, actor):
        return self.every(r, a[0], lambda v: v is not None and self.is_one_of(v, a[1]))

    def guard_ne(self, a, r, actor):
        return self.every(r, a[0], lambda v: v is None or not self.is_one_of(v, a[1]))

    def compare(self, a, r, test):
        right = self.number(a[1]) if re.match(r"-?\d", a[1]) else self.number(self.own(r, a[1]))
        return self.every(
            r, a[0], lambda v: self.number(v) is not None and right is not None and test(self.number(v), right))

    def guard_gt(self, a, r, actor):
        return self.compare(a, r, lambda x, y: x > y)

    def guard_ge(self, a, r, actor):
        return self.compare(a, r, lambda x, y: x >= y)

    def guard_any(self, a, r, actor):
        return any(self.holds(g, r, actor) for g in a)

    def guard_when(self, a, r, actor):
        return not self.holds(a[0], r, actor) or all(self.holds(g, r, actor) for g in a[1:])

    def guard_differs(self, a, r, actor):
        left, right = ([actor["party"]] if p == "actor" else self.read(r, p) for p in a)
        return bool(left) and bool(right) and all(x and y and x != y for x in left for y in right)

    def guard_role(self, a, r, actor):
        return a[0] in actor["roles"]

    def guard_linked(self, a, r, actor):
        states = a[2].split("|") if len(a) > 2 else None
        n = sum(1 for rel in a[0].split("|") for x in self.linked(r, rel) if states is None or self.primary(x) in states)
        return n >= int(a[1])

    def guard_all_linked(self, a, r, actor):
        return all(self.primary(x) in a[1].split("|") for rel in a[0].split("|") for x in self.linked(r, rel))

    def guard_none_linked(self, a, r, actor):
        states = a[1].split("|") if len(a) > 1 else None
        return not any(states is None or self.primary(x) in states
                       for rel in a[0].split("|") for x in self.linked(r, rel))

    def guard_reached(self, a, r, actor):
        d = self.model.policies[a[1]] if len(a) > 1 else 0
        return self.every(r, a[0], lambda v: v is not None and self.now >= seconds(v) + d)

    def guard_before(self, a, r, actor):
        d = self.model.policies[a[1]] if len(a) > 1 else 0
        return self.every(r, a[0], lambda v: v is not None and self.now < seconds(v) + d)

    def guard_approved(self, a, r, actor):
        body, policy, excluded = a[0], a[1], {self.own(r, f) for f in a[2:]} - {None}
        counted = [x for x in self.linked(r, "approval")
                   if x.values.get("body") == body and self.primary(x) != "void"
                   and x.values.get("approver") not in excluded]
        tally = {s: sum(1 for x in counted if self.primary(x) == s)
                 for s in ("granted", "refused", "requested", "expired")}
        granted, others = tally["granted"], tally["refused"] + tally["requested"] + tally["expired"]
        if granted < 1:
            return False

        def satisfied(p, quorum):
            if p == "any":
                return True
            if p == "all":
                return others == 0
            if quorum is None:
                return False
            return granted >= quorum if p == "quorum" else 100 * granted >= quorum * (granted + others)

        if policy != "stated":
            return satisfied(policy, None)
        return all(satisfied(x.values["policy"], x.values.get("quorum"))
                   for x in counted if self.primary(x) != "abstained")

    def guard_no_conflict(self, a, r, actor):
        start, end, rel = self.own(r, a[0]), self.own(r, a[1]), a[2]
        if start is None or end is None:
            return False
        start, end = seconds(start), seconds(end)

        def overlaps(s, e):
            return s is not None and e is not None and s < end and start < e

        if any(overlaps(s, e) for s, e in self.blackouts):
            return False
        ours = {x.name for x in self.linked(r, rel)}
        near = set(ours)
        for direction in ("depends_on", "depends_on_me"):
            todo = list(ours)
            reached = set(ours)
            while todo:
                for x in self.linked(self.records[todo.pop()], direction):
                    if x.name not in reached:
                        reached.add(x.name)
                        todo.append(x.name)
            near |= reached
        for other in self.records.values():
            if other is r or other.type is not r.type or self.primary(other) not in ("scheduled", "implementing"):
                continue
            s, e = self.own(other, a[0]), self.own(other, a[1])
            if s is None or e is None or not overlaps(seconds(s), seconds(e)):
                continue
            if near & {x.name for x in self.linked(other, rel)}:
                return False
        return True

    # Writing -------------------------------------------------------------------------------------------------------

    def locked(self, r, name, creating):
        f = r.type.fields[name]
        if f.get("by"):
            return True
        if "editable" not in f or (creating and not f["editable"]):
            return False
        return self.primary(r) not in f["editable"]

    def derive(self, r):
        for name, f in r.type.fields.items():
            if f.get("derive"):
                tree = parse(f["derive"])
                value = self.derived(tree, r)
                if value is None:
                    r.values.pop(name, None)
                else:
                    r.values[name] = value

    def derived(self, tree, r):
        if isinstance(tree, str):
            return self.own(r, tree)
        name, a = tree
        values = [self.derived(x, r) for x in a]
        if name == "first":
            return next((v for v in values if v is not None), None)
        if any(v is None for v in values):
            return None
        if name == "matrix":
            return self.model.matrix[int(values[0]) - 1][int(values[1]) - 1]
        if name == "max":
            return max(values)
        if name == "mul":
            return values[0] * values[1]
        return values[0] - values[1]

    def asked(self, r):
        return {b for m in r.type.moves if r.states[m.facet] in m.sources for b in m.bodies}

    def void(self, r):
        bodies = self.asked(r)
        for x in self.linked(r, "approval"):
            if x.values.get("body") in bodies and self.primary(x) in ("requested", "granted"):
                x.states[x.type.facets[0]] = "void"

    def other_end(self, r, rel):
        return r.type.relations[rel]["inverse"]

    def join(self, a, rel, b):
        """Links two records; the refusals of cardinality, if any.  What is linked already stays so."""
        inverse = self.other_end(a, rel)
        if b.name in a.links.get(rel, ()):
            return []
        refusals = []
        for r, end in ((a, rel), (b, inverse)):
            if r.type.relations[end]["card"] == "1" and r.links.get(end):
                refusals.append("cardinality:" + end)
        if refusals:
            return refusals
        a.links.setdefault(rel, set()).add(b.name)
        b.links.setdefault(inverse, set()).add(a.name)
        return []

    def part(self, a, rel, b):
        inverse = self.other_end(a, rel)
        a.links.get(rel, set()).discard(b.name)
        b.links.get(inverse, set()).discard(a.name)

    def write(self, r, fields, creating):
        """A host's write: (locked, cardinality) refusals."""
        locks, cardinality, voids = [], [], False
        for name, value in fields.items():
            if self.locked(r, name, creating):
                locks.append("locked:" + name)
                continue
            old = self.own(r, name)
            if r.type.is_ref(name):
                new = [] if self.empty(value) else value if isinstance(value, list) else [value]
                before = list(r.links.get(name, ()))
                if set(new) != set(before):
                    voids |= bool(before)
                for n in before:
                    if n not in new:
                        self.part(r, name, self.records[n])
                for n in new:
                    cardinality += [x for x in self.join(r, name, self.records[n]) if x not in cardinality]
            else:
                if self.empty(value):
                    r.values.pop(name, None)
                else:
                    r.values[name] = value
                voids |= old is not None and old != self.own(r, name)
        if voids and not creating:
            self.void(r)
        self.derive(r)
        return locks, cardinality

    def mandatory(self, r, at):
        return ["mandatory:" + n for n, f in r.type.fields.items()
                if f.get("mandatory") == at and self.own(r, n) is None]

    # Operations ----------------------------------------------------------------------------------------------------

    def create(self, name, type_, fields, actor):
        t = self.model.types[type_]
        r = Record(len(self.order), name, t, actor["party"], self.now)
        self.records[name] = r
        self.order.append(name)
        locks, cardinality = self.write(r, fields, True)
        body = []
        if type_ == "approval":
            for subject in self.linked(r, "subject"):
                if r.values.get("body") is not None and r.values["body"] not in self.asked(subject):
                    body = ["body"]
        return locks + cardinality + body + self.mandatory(r, "create")

    def link(self, a, rel, b, joining):
        inverse = self.other_end(a, rel)
        present = b.name in a.links.get(rel, ())
        if present == joining:
            return []
        ends = [(r, end) for r, end in ((a, rel), (b, inverse)) if r.type.is_ref(end)]
        refusals = []
        for r, end in ends:
            if self.locked(r, end, False) and "locked:" + end not in refusals:
                refusals.append("locked:" + end)
        had = [r for r, end in ends if r.links.get(end)]
        if joining:
            refusals += self.join(a, rel, b)
        else:
            self.part(a, rel, b)
        if refusals:
            return refusals
        for r in had:
            self.void(r)
        self.derive(a)
        self.derive(b)
        return []

    def may(self, move, r, actor, by_tick):
        by_tick |= actor["party"] == "timer" and "timer" in actor["roles"]
        for who in move.actors:
            f = r.type.fields.get(who)
            if who == "any":
                return True
            if who == "timer":
                if by_tick:
                    return True
            elif f and f["type"] == "party":
                holder = self.own(r, who)
                if holder is not None and holder == actor["party"]:
                    return True
                if holder is None and who in actor["roles"]:
                    return True
            elif who in actor["roles"]:
                return True
        return False

    def find(self, r, event):
        for m in r.type.moves:
            if m.event == event and r.states[m.facet] in m.sources:
                return m
        return None

    def effect(self, e, r, actor):
        name, a = e
        if name == "when":
            if self.holds(a[0], r, actor):
                self.effect(a[1], r, actor)
        elif name == "stamp":
            rel, _, field = a[0].rpartition(".")
            for x in self.linked(r, rel) if rel else [r]:
                if len(a) > 1 and self.own(x, field) is not None:
                    continue
                is_date = x.type.fields[field]["type"] == "date"
                x.values[field] = time_text(self.now)[:10] if is_date else time_text(self.now)
                self.derive(x)
        elif name == "put":
            kind = r.type.fields[a[0]]["type"]
            r.values[a[0]] = a[1] == "true" if kind == "bool" else float(a[1]) if kind in ("int", "decimal") else a[1]
        elif name == "copy":
            rel, field = a[1].split(".")
            for x in self.linked(r, rel):
                if self.own(x, field) is not None:
                    r.values[a[0]] = copy.copy(self.own(x, field))
                    break
        elif name == "clear":
            for f in a:
                if r.type.is_ref(f):
                    for x in self.linked(r, f):
                        self.part(r, f, x)
                r.values.pop(f, None)
        elif name == "incr":
            r.values[a[0]] = (r.values.get(a[0]) or 0) + 1

    @staticmethod
    def is_fire(e):
        return e[0] == "fire" or (e[0] == "when" and e[1][1][0] == "fire")

    def move(self, r, event, fields, actor, by_tick=False):
        m = self.find(r, event)
        if m is None:
            return ["state"]
        locks, cardinality = self.write(r, fields, False)
        refusals = locks + cardinality
        if not self.may(m, r, actor, by_tick):
            refusals.append("actor")
        for i, g in enumerate(m.guards):
            held = self.holds(g, r, actor)
            if not held:
                refusals.append(m.texts[i])
            if self.seen:
                self.seen(m, i, held)
        for e in m.effects:
            if not self.is_fire(e):
                self.effect(e, r, actor)
        r.states[m.facet] = m.to
        self.derive(r)
        refusals += self.mandatory(r, m.to)
        if refusals:
            return refusals
        for e in m.effects:
            if self.is_fire(e):
                if e[0] == "when":
                    if not self.holds(e[1][0], r, actor):
                        continue
                    e = e[1][1]
                rel, what = e[1]
                for x in self.linked(r, rel):
                    if self.find(x, what) and self.move(x, what, {}, SYSTEM):
                        return [f"fire({rel},{what})"]
        if self.seen:
            self.seen(m, None, True)
        return []

    def tick(self):
        made = True
        while made:
            made = False
            for name in self.order:
                r = self.records[name]
                for m in r.type.moves:
                    if "timer" not in m.actors or r.states[m.facet] not in m.sources:
                        continue
                    verdicts = [self.holds(g, r, TIMER) for g in m.guards]
                    if not all(verdicts):
                        if self.seen:
                            for i, held in enumerate(verdicts):
                                self.seen(m, i, held)
                        continue
                    saved = self.snapshot()
                    if self.move(r, m.event, {}, TIMER, True):
                        self.restore(saved)
                    else:
                        made = True
        return []

    def approve(self, s):
        subject = self.records[s["ref"]]
        for party in s["by"]:
            name = (s.get("refs") or {}).get(party, f"approval {len(self.order)}")
            fields = {"subject": subject.name, "body": s["body"], "approver": party, "policy": s["policy"]}
            for k in ("quorum", "due"):
                if s.get(k) is not None:
                    fields[k] = s[k]
            refusals = self.create(name, "approval", fields, s.get("actor") or HOST)
            decision = s.get("decision", "grant")
            if not refusals and decision != "none":
                with_move = {"comment": s["comment"]} if "comment" in s else {}
                refusals = self.move(self.records[name], decision, with_move, {"party": party, "roles": []})
            if refusals:
                return refusals
        return []

    def check(self, s):
        r = self.records[s["ref"]]
        for name, value in (s.get("fields") or {}).items():
            own = self.own(r, name)
            if r.type.is_ref(name) and own is not None and not r.type.is_list(name):
                own = own[0]
            if own != value:
                return [f"{name} is {own}, not {value}"]
        for facet, state in (s.get("states") or {}).items():
            if r.states[facet] != state:
                return [f"{facet} is {r.states[facet]}, not {state}"]
        return []

    def do(self, s):
        op, actor = s["op"], s.get("actor") or HOST
        if op == "create":
            return self.create(s["ref"], s["type"], s.get("fields") or {}, actor)
        if op == "set":
            locks, cardinality = self.write(self.records[s["ref"]], s["fields"], False)
            return locks + cardinality
        if op in ("link", "unlink"):
            return self.link(self.records[s["from"]], s["rel"], self.records[s["to"]], op == "link")
        if op == "move":
            return self.move(self.records[s["ref"]], s["event"], s.get("fields") or {}, actor)
        if op == "approve":
            return self.approve(s)
        if op == "advance":
            self.now += duration(s["by"])
            return []
        if op == "tick":
            return self.tick()
        if op == "blackout":
            self.blackouts.append((seconds(s["from"]), seconds(s["to"])))
            return []
        return self.check(s)

    def step(self, s):
        saved = self.snapshot()
        refusals = self.do(s)
        if refusals:
            self.restore(saved)
        return refusals

    def final(self):
        return {n: dict(self.records[n].states) for n in self.order}
